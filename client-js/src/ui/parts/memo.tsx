/** Owns parts that are drawn again only when what they are given differs; a long conversation is made of them. */
import { Component, type ComponentChild, type FunctionComponent } from 'preact'

const differs = (before: object, after: object): boolean => {
  const [one, other] = [Object.entries(before), new Map(Object.entries(after))]
  return one.length !== other.size || one.some(([name, value]) => !Object.is(value, other.get(name)))
}

export const memo = <Props extends object>(Part: FunctionComponent<Props>) =>
  class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return differs(this.props, next)
    }

    override render(): ComponentChild {
      return <Part {...this.props} />
    }
  }
