// What Preact's compatibility layer calls memo, without the rest of it.

import { Component, type FunctionComponent, createElement } from 'preact';

/** A component that is drawn again only when its properties are others. */
export function memo<P extends object>(
  inner: FunctionComponent<P>,
  isSame: (a: P, b: P) => boolean,
): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P) {
      return !isSame(this.props as P, next);
    }

    override render() {
      return createElement(inner, this.props as P);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
