export const REPORT_STATES = ['queued', 'running', 'ready', 'failed', 'cancelled', 'expired'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

const TRANSITIONS: Readonly<Record<ReportState, readonly ReportState[]>> = {
  queued: ['running', 'failed', 'cancelled'],
  // Back when it is tried again, or its worker stops in the middle of it.
  running: ['queued', 'ready', 'failed', 'cancelled'],
  ready: ['expired'],
  // By hand: once the cause is mended its dead letter is replayed.
  failed: ['running'],
  cancelled: [],
  expired: [],
};

export const allowedTransitions = (from: ReportState): readonly ReportState[] => TRANSITIONS[from];

/** The states from which it may move to another. */
export const statesBefore = (to: ReportState): readonly ReportState[] =>
  REPORT_STATES.filter((from) => TRANSITIONS[from].includes(to));

/** States of a report that nobody gets a file of, however far it had come. */
export const VAIN = ['failed', 'cancelled'] as const satisfies readonly ReportState[];
