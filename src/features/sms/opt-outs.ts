/** Told of those who have said on their phone that they want no more messages. Must be harmless to repeat. */
export interface OptOuts {
  /** @param number in E.164 */
  endTextsTo(number: string): Promise<void>;
}
