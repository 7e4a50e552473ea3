import { Button, Flex } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";
import { Empty } from "./Empty";
import { ErrorNotice } from "./ErrorNotice";
import { FigureTable } from "./FigureTable";
import type { Kind } from "./kindIcons";
import { Loading } from "./Loading";
import { Page } from "./Page";
import { Pager } from "./Pager";

const PAGE_SIZE = 50;

interface Props<T, Id extends string> {
  title: string;
  description: string;
  /** Buttons before the one that creates. */
  more?: ReactNode;
  /** A CreateButton; shown again where there is nothing yet. */
  create?: ReactNode;
  list: { data?: readonly T[]; error: unknown; isPending: boolean; refetch: () => unknown };
  /** What the filters leave; all, where there are none. */
  found?: readonly T[];
  /** Search field and pickers. */
  filters?: ReactNode;
  onClear?: () => void;
  empty: { title: string; detail: string; kind: Kind };
  columns: readonly { id: Id; name: string; isText?: boolean }[];
  row: (one: T) => { id: string; cells: Record<Id, ReactNode> };
  /** From 0; with `onPage`, a page has fifty rows. */
  page?: number;
  onPage?: (page: number | undefined) => void;
  /** Dialogs. */
  children?: ReactNode;
}

/** A page that lists what the sandbox has: filters, a table in pages, and what to do where it is empty or fails. */
export function ListPage<T, Id extends string>({
  title,
  description,
  more,
  create,
  list,
  found = list.data ?? [],
  filters,
  onClear,
  empty,
  columns,
  row,
  page = 0,
  onPage,
  children,
}: Props<T, Id>) {
  const t = useT();
  const start = onPage === undefined ? 0 : page * PAGE_SIZE;
  const end = onPage === undefined ? found.length : start + PAGE_SIZE;
  return (
    <Page
      title={title}
      description={description}
      actions={
        <>
          {more}
          {create}
        </>
      }
    >
      {list.error !== null && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data?.length === 0 && <Empty {...empty} action={create} />}
      {list.data !== undefined && list.data.length > 0 && (
        <>
          {filters && (
            <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
              {filters}
            </Flex>
          )}
          {found.length === 0 ? (
            <Empty
              isSearch
              title={t("common.noneMatch.title")}
              detail={t("common.noneMatch.detail")}
              action={
                onClear && (
                  <Button variant="secondary" onPress={onClear}>
                    {t("common.clearFilters")}
                  </Button>
                )
              }
            />
          ) : (
            <FigureTable stacks caption={title} columns={columns} rows={found.slice(start, end).map(row)} />
          )}
          {onPage !== undefined && (
            <Pager
              page={page}
              hasNext={found.length > end}
              total={found.length}
              onChange={(to) => onPage(to || undefined)}
            />
          )}
        </>
      )}
      {children}
    </Page>
  );
}
