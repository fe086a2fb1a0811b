-- What wrk does not print by itself. Latencies are in microseconds.
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("rate=%.1f\n", summary.requests / summary.duration * 1000000))
  io.write(string.format("p95=%d\np99=%d\nfailed=%d\n", latency:percentile(95), latency:percentile(99), failed))
end
