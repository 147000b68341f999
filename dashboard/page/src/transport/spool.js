// Stands where the client spools events: a page has no disk, and never asks for it.

export function write() {
  throw new Error('a page cannot spool events');
}
