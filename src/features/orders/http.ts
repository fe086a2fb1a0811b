import type { Feature } from '../../platform/http/endpoint.ts';
import { merchantOrderEndpoints, platformOrderEndpoints, type MerchantOrderParts } from './merchant-order.routes.ts';
import { userOrderEndpoints, type UserOrderParts } from './order.routes.ts';
import { orderSections } from './order.sections.ts';

export interface OrderParts extends MerchantOrderParts {
  readonly orders: MerchantOrderParts['orders'] & UserOrderParts['orders'];
  readonly reads: MerchantOrderParts['reads'] & UserOrderParts['reads'];
}

export const orderFeature = (parts: OrderParts): Feature => ({
  name: 'orders',
  endpoints: [...userOrderEndpoints(parts), ...merchantOrderEndpoints(parts), ...platformOrderEndpoints(parts)],
  sections: orderSections(parts.reads),
});
