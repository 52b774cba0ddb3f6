/**
 * Who has most of what a list holds. A bounded list that takes from them when it is full cannot be emptied by anybody:
 * whoever fills it pushes out their own. Pure.
 */

/** The first of those who have most; null for an empty list, and where nobody's things are the most. */
export const largestOwner = <Item, Owner extends string | null>(
  items: Iterable<Item>,
  ownerOf: (item: Item) => Owner,
): Owner | null => {
  const counts = new Map<Owner, number>()
  for (const item of items) {
    const owner = ownerOf(item)
    counts.set(owner, (counts.get(owner) ?? 0) + 1)
  }
  let most: Owner | null = null
  let highest = 0
  for (const [owner, count] of counts)
    if (count > highest) {
      most = owner
      highest = count
    }
  return most
}

/** The first thing of whoever has most of those that may go; undefined where none may. */
export const oldestOfLargest = <Item, Owner extends string>(
  items: readonly Item[],
  ownerOf: (item: Item) => Owner,
): Item | undefined => {
  const most = largestOwner(items, ownerOf)
  return items.find(item => ownerOf(item) === most)
}
