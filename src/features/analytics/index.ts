export type { SalesDeps, SalesService, StoreCalendars } from './sales.service.ts';
