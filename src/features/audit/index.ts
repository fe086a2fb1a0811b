export { auditSubscriptions } from './audit.events.ts';
