import { DialogContainer, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { FilterPicker } from "@/ui/FilterPicker";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { useSearchText } from "@/ui/useSearchText";
import { classesQuery, isForProfile, schemasQuery } from "./registry";
import { SchemaDialog } from "./SchemaDialog";

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
  const classTitle = (id: string | undefined) => classes.data?.find((one) => one.$id === id)?.title ?? id ?? "–";
  const wanted = (search.q ?? "").toLowerCase();
  return (
    <ListPage
      title={t("schemas.title")}
      description={t("schemas.description")}
      create={<CreateButton name={t("schemas.create")} may={useMay("schemas.write")} onPress={() => setOpen(true)} />}
      list={schemas}
      found={(schemas.data ?? []).filter(
        (one) =>
          `${one.title} ${one.description ?? ""}`.toLowerCase().includes(wanted) &&
          (search.class === undefined || one["meta:class"] === search.class),
      )}
      filters={
        <>
          <SearchField label={t("schemas.search")} value={q} onChange={setQ} width="size-3400" />
          <FilterPicker
            label={t("schemas.class")}
            choices={(classes.data ?? []).map((one) => ({ id: one.$id, name: one.title }))}
            value={search.class}
            onChange={(id) => change({ class: id })}
            width="size-3400"
          />
        </>
      }
      onClear={() => change({ q: undefined, class: undefined })}
      empty={{ title: t("schemas.empty.title"), detail: t("schemas.empty.detail"), kind: "schemas" }}
      columns={[
        { id: "title", name: t("schemas.name"), isText: true },
        { id: "class", name: t("schemas.class"), isText: true },
        { id: "groups", name: t("schemas.groups") },
        { id: "profile", name: t("schemas.profile"), isText: true },
        { id: "version", name: t("schemas.version") },
      ]}
      row={(one) => ({
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
      })}
      page={search.page}
      onPage={(page) => change({ page })}
    >
      <DialogContainer onDismiss={() => setOpen(false)}>{isOpen && <SchemaDialog />}</DialogContainer>
    </ListPage>
  );
}
