import type { Role } from "./people";

type Expansion = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What a role allows: resource → actions. Sets may be those of the platform, or ready-made roles. */
export function permissionsOf(role: Role, sets: Expansion, roles: readonly Role[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (resource: string, action: string) => {
    const actions = found.get(resource) ?? new Set();
    found.set(resource, actions.add(action));
  };
  const walk = (one: Role, depth: number) => {
    for (const permission of one.permissions) {
      const dot = permission.lastIndexOf(".");
      add(permission.slice(0, dot), permission.slice(dot + 1));
    }
    for (const id of one.permissionSets) {
      for (const [resource, actions] of Object.entries(sets[id] ?? {}))
        for (const action of actions) add(resource, action);
      const inner = roles.find((each) => each.id === id);
      if (inner !== undefined && depth < 3) walk(inner, depth + 1);
    }
  };
  walk(role, 0);
  return found;
}
