/** What messages of a channel can be given their time for, as the server has it; of others it can't be known. */
export const SUCCESSES: Record<string, readonly ("opens" | "clicks")[]> = {
  email: ["opens", "clicks"],
  push: ["opens"],
};

/** Within how many hours. */
export const HOURS = { least: 1, most: 168, usual: 24 };
