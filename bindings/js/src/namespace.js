'use strict';

const CLIENT = Symbol('client');

/**
 * Binds the methods of an object, so that `const { emit } = client` gives a function that works, and one that a Proxy hands
 * on does. Each is looked up when it is called: what a subclass or a mock puts in place of a method takes effect.
 */
function bindMethods(object) {
  const seen = new Set(['constructor', ...Object.getOwnPropertyNames(object)]);
  for (let type = Object.getPrototypeOf(object); type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (typeof value === 'function') bind(object, name);
    }
  }
}

function bind(object, name) {
  const value = (...args) => Object.getPrototypeOf(object)[name].apply(object, args);
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
}

/** The methods of one namespace. They go through the client's `request`, whoever puts another in its place. */
class Namespace {
  constructor(client) {
    // Not shown where a client is printed, and no name that a method could have.
    Object.defineProperty(this, CLIENT, { value: client });
    bindMethods(this);
  }
}

/** A class with a method for each verb of a namespace. */
function namespace(name, ...verbs) {
  class Methods extends Namespace {}
  for (const verb of verbs) {
    const value = function (params, options) {
      return this[CLIENT].request(`${name}.${verb}`, params, options);
    };
    Object.defineProperty(Methods.prototype, verb, { value, writable: true, configurable: true });
  }
  return Methods;
}

/** What has methods of its own, beside its namespaces. */
class Methods {
  constructor() {
    bindMethods(this);
  }
}

module.exports = { Methods, bindMethods, namespace };
