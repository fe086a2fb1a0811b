import type { Feature } from '../../platform/http/endpoint.ts';
import { managedProductEndpoints, type ManagedProductParts } from './product.routes.ts';
import { productSections } from './product.sections.ts';
import { storefrontEndpoints, type StorefrontParts } from './storefront.routes.ts';

export interface CatalogParts {
  readonly products: ManagedProductParts['products'] & StorefrontParts['products'];
  readonly reads: ManagedProductParts['reads'] & StorefrontParts['reads'];
}

export const catalogFeature = (parts: CatalogParts): Feature => ({
  name: 'catalog',
  endpoints: [...storefrontEndpoints(parts), ...managedProductEndpoints(parts)],
  sections: productSections(parts.reads),
});
