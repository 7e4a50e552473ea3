import type { FormEvent } from "react";

/** For a form of which nothing is sent: Enter in its only field would load the page anew. */
export const stay = (event: FormEvent): void => event.preventDefault();
