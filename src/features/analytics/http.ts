export { analyticsEndpoints } from './sales.routes.ts';
