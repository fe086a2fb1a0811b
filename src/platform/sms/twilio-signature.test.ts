import { expect, test } from '@jest/globals';
import { isTwilioSignature, twilioSignature } from './twilio-signature.ts';

// The example in Twilio's documentation of request validation.
const URL = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const FIELDS = {
  CallSid: 'CA1234567890ABCDE',
  From: '+12349013030',
  To: '+18005551212',
  Caller: '+12349013030',
  Digits: '1234',
};

test('the signature is the one that the provider computes', () => {
  expect(twilioSignature('12345', URL, FIELDS)).toBe('0/KCTR6DLpKmkAf8muzZqo1nDgQ=');
});

test('a request is genuine only with the right token, URL, fields and a whole signature', () => {
  const sent = twilioSignature('12345', URL, FIELDS);
  expect(isTwilioSignature(sent, '12345', URL, FIELDS)).toBe(true);
  expect(isTwilioSignature(sent, '12346', URL, FIELDS)).toBe(false);
  expect(isTwilioSignature(sent, '12345', `${URL}&a=b`, FIELDS)).toBe(false);
  expect(isTwilioSignature(sent, '12345', URL, { ...FIELDS, Digits: '12345' })).toBe(false);
  expect(isTwilioSignature(sent, '12345', URL, {})).toBe(false);
  expect(isTwilioSignature('', '12345', URL, FIELDS)).toBe(false);
  expect(isTwilioSignature(sent.slice(0, -1), '12345', URL, FIELDS)).toBe(false);
});
