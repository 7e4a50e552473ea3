import { Button, DialogContainer, Flex, Item, Picker, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Pager } from "@/ui/Pager";
import { useSearchText } from "@/ui/useSearchText";
import { classesQuery, isForProfile, schemasQuery } from "./registry";
import { SchemaDialog } from "./SchemaDialog";

const ANY = "any";
const PAGE_SIZE = 50;

/** Every schema of the sandbox. */
export function SchemasPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/schemas" });
  const navigate = useNavigate();
  const change = (changed: Partial<typeof search>) =>
    void navigate({ to: "/schemas", search: { ...search, page: undefined, ...changed }, replace: true });
  const schemas = useQuery(schemasQuery);
  const classes = useQuery(classesQuery);
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change({ q: text || undefined }));
  const [isOpen, setOpen] = useState(false);
  const may = useMay("schemas.write");
  const classTitle = (id: string | undefined) => classes.data?.find((one) => one.$id === id)?.title ?? id ?? "–";
  const wanted = (search.q ?? "").toLowerCase();
  const found = (schemas.data ?? []).filter(
    (one) =>
      `${one.title} ${one.description ?? ""}`.toLowerCase().includes(wanted) &&
      (search.class === undefined || one["meta:class"] === search.class),
  );
  const start = (search.page ?? 0) * PAGE_SIZE;
  const isFiltered = search.q !== undefined || search.class !== undefined;
  const create = (
    <Button variant="accent" isDisabled={!may} onPress={() => setOpen(true)}>
      {t("schemas.create")}
    </Button>
  );
  return (
    <Page title={t("schemas.title")} description={t("schemas.description")} actions={create}>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <SearchField label={t("schemas.search")} value={q} onChange={setQ} width="size-3400" />
        <Picker
          label={t("schemas.class")}
          width="size-3400"
          items={[
            { id: ANY, name: t("common.any") },
            ...(classes.data ?? []).map((one) => ({ id: one.$id, name: one.title })),
          ]}
          selectedKey={search.class ?? ANY}
          onSelectionChange={(key) => change({ class: key === ANY ? undefined : String(key) })}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
      </Flex>
      {schemas.error && <ErrorNotice error={schemas.error} onRetry={() => void schemas.refetch()} />}
      {schemas.isPending && <Loading />}
      {schemas.data && found.length === 0 && (
        <Empty
          isSearch={isFiltered}
          title={isFiltered ? t("common.noneMatch.title") : t("schemas.empty.title")}
          detail={isFiltered ? t("common.noneMatch.detail") : t("schemas.empty.detail")}
          action={isFiltered ? undefined : create}
        />
      )}
      {found.length > 0 && (
        <>
          <FigureTable
            caption={t("schemas.title")}
            columns={[
              { id: "title", name: t("schemas.name"), isText: true },
              { id: "class", name: t("schemas.class"), isText: true },
              { id: "groups", name: t("schemas.groups") },
              { id: "profile", name: t("schemas.profile"), isText: true },
              { id: "version", name: t("schemas.version") },
            ]}
            rows={found.slice(start, start + PAGE_SIZE).map((one) => ({
              id: one.$id,
              cells: {
                title: (
                  <PageLink to="/schemas/$id" params={{ id: one["meta:altId"] }}>
                    {one.title}
                  </PageLink>
                ),
                class: classTitle(one["meta:class"]),
                groups: Math.max(0, (one.allOf?.length ?? 1) - 1),
                profile: isForProfile(one) ? t("schemas.enabled") : "–",
                version: one.version,
              },
            }))}
          />
          <Pager
            page={search.page ?? 0}
            total={found.length}
            hasNext={start + PAGE_SIZE < found.length}
            onChange={(page) => change({ page: page || undefined })}
          />
        </>
      )}
      <DialogContainer onDismiss={() => setOpen(false)}>{isOpen && <SchemaDialog />}</DialogContainer>
    </Page>
  );
}
