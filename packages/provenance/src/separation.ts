/**
 * Whether people can be counted so that every threshold is met and nobody fills two roles that must be apart. One
 * person, however many keys, counts once for a requirement.
 */

/** The people who could be counted for a requirement. */
export interface Demand {
  readonly role: string | undefined;
  readonly people: number;
  readonly able: ReadonlySet<string>;
}

/**
 * Whether there is a way to count. Someone who could fill both of two separate roles is counted for one of them; that
 * choice is searched, since which one helps depends on the others. More people never make the answer worse.
 */
export function canSeparate(demands: readonly Demand[], separate: readonly (readonly [string, string])[]): boolean {
  const needs = demands.map(({ people }) => people);
  const torn: number[][][] = [];
  for (const person of new Set(demands.flatMap(({ able }) => [...able]))) {
    const could = demands.flatMap(({ able }, index) => (able.has(person) ? [index] : []));
    const choices = largestChoices(could, (left, right) =>
      areApart(demands[left]!.role, demands[right]!.role, separate),
    );
    if (choices.length === 1) for (const index of choices[0]!) needs[index]!--;
    else torn.push(choices);
  }
  return canMeet(needs, torn, 0);
}

function areApart(
  left: string | undefined,
  right: string | undefined,
  separate: readonly (readonly [string, string])[],
): boolean {
  return separate.some(([a, b]) => (a === left && b === right) || (a === right && b === left));
}

/** All largest sets of demands, none apart from another, that one person can be counted for. */
function largestChoices(could: readonly number[], apart: (left: number, right: number) => boolean): number[][] {
  let choices: number[][] = [[]];
  for (const index of could) {
    choices = choices.flatMap((choice) => {
      const compatible = choice.filter((other) => !apart(other, index));
      return compatible.length === choice.length ? [[...choice, index]] : [choice, [...compatible, index]];
    });
  }
  return choices.filter(
    (choice, at) =>
      !choices.some((other, from) => {
        const covers = choice.every((index) => other.includes(index));
        return covers && (other.length > choice.length || from < at);
      }),
  );
}

/** Depth-first over the people who must choose, cut where the rest could not meet what is left. */
function canMeet(needs: readonly number[], torn: readonly number[][][], from: number): boolean {
  if (needs.every((need) => need <= 0)) return true;
  const rest = torn.slice(from);
  const reachable = needs.every(
    (need, index) => need <= rest.filter((choices) => choices.some((choice) => choice.includes(index))).length,
  );
  if (!reachable || rest.length === 0) return false;
  return rest[0]!.some((choice) =>
    canMeet(
      needs.map((need, index) => (choice.includes(index) ? need - 1 : need)),
      torn,
      from + 1,
    ),
  );
}
