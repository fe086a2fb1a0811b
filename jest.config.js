export default {
  testEnvironment: '<rootDir>/tests/environment/context.ts',
  roots: ['<rootDir>/src', '<rootDir>/tests', '<rootDir>/workers', '<rootDir>/scripts'],
  // One more than the machine that this is measured on has cores: some suites wait for processes that they start.
  maxWorkers: 3,
  // What suites leave behind is walked by each collection: beyond this a new worker is cheaper.
  workerIdleMemoryLimit: '400MB',
  // A bound for what hangs, not for what is slow: no test fails on a busy machine's time.
  testTimeout: 60_000,
  testMatch: ['**/*.test.ts'],
  // One embedded database and one Redis for the whole run, up in less than a second.
  globalSetup: '<rootDir>/tests/environment/setup.ts',
  globalTeardown: '<rootDir>/tests/environment/teardown.ts',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024' }, module: { type: 'es6' } }] },
};
