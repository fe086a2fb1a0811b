import type { Passes } from '../security/passes.ts';

/** Where the pages of operators are, and the board and the schedules among them. */
export const OPS_PATH = '/ops';
export const SCHEDULES_PATH = '/ops/schedules';
export const QUEUE_BOARD_PATH = '/ops/queues';

const LINK = 'link to the queue board';
const LINK_SECONDS = 12 * 3_600;

/** The path of a link that opens the board in a browser, for 12 hours. */
export function queueBoardLink(passes: Pick<Passes, 'issue'>): string {
  return `${QUEUE_BOARD_PATH}/enter?token=${passes.issue(LINK, LINK_SECONDS)}`;
}

/** Whether a token is that of such a link. */
export function opensQueueBoard(passes: Pick<Passes, 'opens'>, token: unknown): boolean {
  return typeof token === 'string' && passes.opens(LINK, token);
}
