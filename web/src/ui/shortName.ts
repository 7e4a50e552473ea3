/** Who did something, as short as it can be told: a credential without the ending of its technical account. */
export function shortName(account: string): string {
  const [name = "", host] = account.split("@");
  if (host === undefined || !host.startsWith("techacct.")) return account;
  return name.length > 16 ? `${name.slice(0, 12)}…` : name;
}
