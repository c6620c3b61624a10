/** A component that is drawn again only when one of its own properties is another one. */

import { Component, type ComponentChildren, type ComponentType } from "preact";

export function unlessSame<Props extends object>(
  Inner: (props: Props) => ComponentChildren,
): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== (this.props as Props)[key]);
    }
    override render() {
      return <Inner {...(this.props as Props)} />;
    }
  };
}
