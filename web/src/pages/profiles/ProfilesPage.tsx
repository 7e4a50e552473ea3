import { Button, Flex, Form, Item, Picker, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { namespacesQuery } from "@/pages/schemas/registry";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { ProfileView } from "./ProfileView";
import { profileQuery } from "./profiles";

/** Somebody, looked up by an identity. */
export function ProfilesPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/profiles" });
  const navigate = useNavigate();
  const namespaces = useQuery(namespacesQuery);
  const [namespace, setNamespace] = useState(search.namespace ?? "Email");
  const [id, setId] = useState(search.id ?? "");
  const isAsked = search.namespace !== undefined && search.id !== undefined;
  const profile = useQuery({ ...profileQuery(search.namespace ?? "", search.id ?? ""), enabled: isAsked });
  return (
    <Page title={t("profiles.title")} description={t("profiles.description")}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (id.trim() !== "") void navigate({ to: "/profiles", search: { namespace, id: id.trim() } });
        }}
      >
        <Flex wrap gap="size-150" alignItems="end">
          <Picker
            label={t("profiles.namespace")}
            items={namespaces.data ?? []}
            selectedKey={namespace}
            onSelectionChange={(key) => setNamespace(String(key))}
            width="size-2400"
          >
            {(one) => <Item key={one.code}>{one.name}</Item>}
          </Picker>
          <TextField label={t("profiles.identity")} value={id} onChange={setId} width="size-3600" />
          <Button variant="accent" type="submit" isDisabled={id.trim() === ""}>
            {t("profiles.find")}
          </Button>
        </Flex>
      </Form>
      {profile.error && <ErrorNotice error={profile.error} onRetry={() => void profile.refetch()} />}
      {profile.isLoading && <Loading />}
      {!isAsked && <Empty isSearch title={t("profiles.start.title")} detail={t("profiles.start.detail")} />}
      {isAsked && profile.data === null && (
        <Empty isSearch title={t("profiles.nobody.title")} detail={t("profiles.nobody.detail")} />
      )}
      {isAsked && profile.data && (
        <ProfileView
          key={`${search.namespace} ${search.id}`}
          namespace={search.namespace ?? ""}
          id={search.id ?? ""}
          profile={profile.data}
        />
      )}
    </Page>
  );
}
