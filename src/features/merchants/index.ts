export { merchantSubscriptions } from './merchant.events.ts';
