import type { Feature } from '../../platform/http/endpoint.ts';
import { analyticsEndpoints } from './sales.routes.ts';
import { salesSections } from './sales.sections.ts';
import type { SalesService } from './sales.service.ts';
import { trafficEndpoints } from './traffic.routes.ts';
import type { TrafficService } from './traffic.service.ts';

export interface AnalyticsFeatureParts {
  readonly sales: Pick<SalesService, 'getSeries'>;
  readonly traffic: Pick<TrafficService, 'getSeries' | 'getTrending'>;
}

export const analyticsFeature = ({ sales, traffic }: AnalyticsFeatureParts): Feature => ({
  name: 'analytics',
  endpoints: [...analyticsEndpoints(sales), ...trafficEndpoints(traffic)],
  sections: salesSections(sales),
});
