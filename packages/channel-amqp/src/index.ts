// RabbitMQ: events out, submits in.
export { checkBroker } from "./check-broker.js";
export {
  AMQP_CHANNEL,
  createEventChannel,
  type EventChannel,
  type EventChannelParts,
  NO_ROUTE,
} from "./event-channel.js";
export { type Names, namesOf } from "./names.js";
export {
  type AmqpOptions,
  type ResolvedAmqpOptions,
  requireBrokerUrl,
  requirePrefix,
  resolveAmqpOptions,
  shownBroker,
} from "./options.js";
export { createSubmitConsumer, type SubmitConsumer, type SubmitConsumerParts } from "./submit-consumer.js";
