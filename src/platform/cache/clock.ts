/** Milliseconds since 1970 that never go back, unlike the system's clock when it is set. */
export type Clock = () => number;

export const steadyClock: Clock = () => performance.timeOrigin + performance.now();
