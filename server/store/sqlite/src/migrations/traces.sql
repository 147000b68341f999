-- The trace context of an event's emitter, as W3C's header `traceparent` has it; null: it had none.
ALTER TABLE event ADD COLUMN traceparent TEXT;
