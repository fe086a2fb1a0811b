/**
 * Node's flags for a process of the server. Young objects get 16 MB a half instead of 64: most of what a command makes is dead
 * when it is answered, and the rest of the memory is better left to the page cache that LMDB reads through.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
