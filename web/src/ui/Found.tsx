import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNotice } from "./ErrorNotice";
import { Loading } from "./Loading";
import { Page } from "./Page";

interface Props<T> {
  found: UseQueryResult<T>;
  /** Of the page that says why there is nothing. */
  title: string;
  children: (data: T) => ReactNode;
}

/** What was asked for once it is there; before, that it is awaited, or a page that says why it can't be had. */
export function Found<T>({ found, title, children }: Props<T>) {
  if (found.data !== undefined) return <>{children(found.data)}</>;
  if (found.error) {
    return (
      <Page title={title}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}
