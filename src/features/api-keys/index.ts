export { apiKeySubscriptions } from './api-key.events.ts';
