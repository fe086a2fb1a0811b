/** What the provider refuses a message with whose recipient has replied STOP: 21610, "unsubscribed recipient". */
export const OPTED_OUT = '21610';

/** What Twilio and carriers take for an end, and the same in German. */
const END_WORDS = new Set([
  ...['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit', 'revoke', 'optout'],
  ...['stopp', 'ende', 'abmelden'],
]);

/** The number of somebody who replies that they want no more messages; undefined for any other reply. */
export function twilioOptOut({ From, Body, OptOutType }: Readonly<Record<string, string>>): string | undefined {
  const isEnd = OptOutType === 'STOP' || END_WORDS.has((Body ?? '').trim().toLowerCase());
  return isEnd && From !== undefined && /^\+\d{5,15}$/.test(From) ? From : undefined;
}
