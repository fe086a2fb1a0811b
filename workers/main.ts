import '../src/platform/process/lean-heap.ts';

// Not at the top: all that is imported there is loaded before anything of it runs.
await import('./working.ts');
