//! Clients that send too much, read too little, or expect their calls in order.

mod bounds;
mod order;
mod shapes;
mod waits;
