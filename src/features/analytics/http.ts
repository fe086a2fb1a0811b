import type { Feature } from '../../platform/http/endpoint.ts';
import { analyticsEndpoints } from './sales.routes.ts';
import { salesSections } from './sales.sections.ts';
import type { SalesService } from './sales.service.ts';

export const analyticsFeature = (sales: Pick<SalesService, 'getSeries'>): Feature => ({
  name: 'analytics',
  endpoints: analyticsEndpoints(sales),
  sections: salesSections(sales),
});
