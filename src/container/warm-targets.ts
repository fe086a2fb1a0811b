import type { WarmTarget } from '../platform/cache/warmer.ts';

/** What features want to have ready before anybody asks, the most worthwhile first. */
export const warmTargets = (): readonly WarmTarget[] => [];
