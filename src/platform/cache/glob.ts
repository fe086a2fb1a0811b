/**
 * Whether a text matches a pattern in which `*` stands for any characters, `?` for one, and all others for themselves. In time
 * that grows with the product of both lengths at most, which a regular expression does not promise.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let [at, inPattern, afterStar, resumeAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const sign = pattern[inPattern];
    if (sign === '*') {
      afterStar = ++inPattern;
      resumeAt = at;
    } else if (sign === '?' || sign === text[at]) {
      inPattern += 1;
      at += 1;
    } else if (afterStar >= 0) {
      // The last star takes one character more.
      inPattern = afterStar;
      at = ++resumeAt;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

/** The same pattern as Redis reads it. */
export const redisGlob = (pattern: string): string => pattern.replaceAll(/[\\[\]^]/g, String.raw`\$&`);
