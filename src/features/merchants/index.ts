export { merchantSubscriptions, storeTag } from './merchant.events.ts';
