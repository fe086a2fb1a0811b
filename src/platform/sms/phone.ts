/**
 * A phone number in E.164, or undefined for what cannot be one. The library's tables are loaded when a number is first
 * looked at: most processes never see one.
 * @param text with its country, such as `+49 151 123 456 78`
 */
export async function phoneNumberOf(text: string): Promise<string | undefined> {
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const number = parsePhoneNumberFromString(text.trim(), { extract: false });
  return number?.isValid() === true ? number.number : undefined;
}

/** A number as it may be shown to others and written to logs: its country and last two digits. */
export function maskPhone(number: string): string {
  return `${number.slice(0, 3)}${'•'.repeat(Math.max(0, number.length - 5))}${number.slice(-2)}`;
}
