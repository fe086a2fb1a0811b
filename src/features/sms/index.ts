export { smsSubscriptions } from './sms.events.ts';
export { phoneNotValid } from './sms.problems.ts';
