/** What a variant is called where its product does not stand beside it. */
export const variantName = (product: string, variant: string): string =>
  variant === product ? product : `${product} – ${variant}`;
