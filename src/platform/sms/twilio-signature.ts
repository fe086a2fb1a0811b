import { createHmac } from 'node:crypto';
import { isSame } from '../security/signer.ts';

/** The fields of a form, each with all its values. */
export type FormFields = Readonly<Record<string, string>>;

/**
 * The signature that Twilio puts on its requests, `X-Twilio-Signature`: HMAC-SHA1 with the account's token over the URL
 * as Twilio was told it, and each field of the form by name, name and value, nothing between. In base64.
 */
export function twilioSignature(authToken: string, url: string, fields: FormFields): string {
  const sorted = Object.keys(fields).sort();
  const signed = url + sorted.map((name) => name + (fields[name] ?? '')).join('');
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64');
}

/** Whether a request was signed by Twilio. How long it takes tells nothing of the signature. */
export function isTwilioSignature(sent: string, authToken: string, url: string, fields: FormFields): boolean {
  return isSame(Buffer.from(sent), Buffer.from(twilioSignature(authToken, url, fields)));
}
