import type { Endpoint } from '../../platform/http/endpoint.ts';
import { managedProductEndpoints, type ManagedProductParts } from './product.routes.ts';
import { storefrontEndpoints, type StorefrontParts } from './storefront.routes.ts';

export interface CatalogParts {
  readonly products: ManagedProductParts['products'] & StorefrontParts['products'];
  readonly reads: ManagedProductParts['reads'] & StorefrontParts['reads'];
}

export const catalogEndpoints = (parts: CatalogParts): readonly Endpoint[] => [
  ...storefrontEndpoints(parts),
  ...managedProductEndpoints(parts),
];
