/**
 * Acknowledged delivery: messages that are kept until their recipient has handled them.
 *
 *     const orders = deliveries(router, { id: 0x30, codec: json<Order>(), store: database });
 *     orders.handle(async ({ message }) => save(message));
 *     orders.deliver({ to, message: order }).subscribe(() => console.log('it is saved'));
 *
 * @packageDocumentation
 */
export {
  deliveries,
  type Deliveries,
  type DeliveriesOptions,
  type Delivered,
  type DeliveryHandler,
  type FailedDelivery,
  type Outgoing,
} from './deliveries.ts';
export { DeliveryError } from './delivery-error.ts';
export type { Handled, Incoming } from './attempt.ts';
export type { DeliveriesRouter, DeliveriesSnapshot } from './board.ts';
export type { DeliveryStore } from './store.ts';
export type { PlatformAbortSignal } from '#platform/abort-controller';
