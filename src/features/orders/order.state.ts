export const ORDER_STATES = ['pending', 'paid', 'shipped', 'delivered', 'cancelled'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

const TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  pending: ['paid', 'cancelled'],
  paid: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};

/** The states in which an order counts as sold. */
export const SOLD_STATES = ['paid', 'shipped', 'delivered'] as const satisfies readonly OrderState[];

export const allowedTransitions = (from: OrderState): readonly OrderState[] => TRANSITIONS[from];

export const canMove = (from: OrderState, to: OrderState): boolean => TRANSITIONS[from].includes(to);
