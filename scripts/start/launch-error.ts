/** Something that keeps the launcher from going on, told in a line that says what to do about it. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}
