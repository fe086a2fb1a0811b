export { smsSubscriptions } from './sms.events.ts';
