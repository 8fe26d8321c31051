/**
 * Acknowledged delivery: messages that are kept until their recipient has handled them.
 *
 *     const orders = deliveries(router, { id: 0x30, codec: json<string>() });
 *     orders.handle(({ message }) => console.log(message));
 *     orders.deliver({ to, message: 'tea' }).subscribe(() => console.log('it is handled'));
 *
 * @packageDocumentation
 */
export {
  deliveries,
  type Deliveries,
  type DeliveriesOptions,
  type DeliveryHandler,
  type FailedDelivery,
  type Outgoing,
} from './deliveries.ts';
export type { Delivered, Delivering } from './delivering.ts';
export { DeliveryError } from './delivery-error.ts';
export type { Handled, Incoming } from './attempt.ts';
export type { DeliveriesRouter, DeliveriesSnapshot } from './board-options.ts';
export type { DeliveryStore } from './store.ts';
export type { PlatformAbortSignal } from '#platform/abort-controller';
