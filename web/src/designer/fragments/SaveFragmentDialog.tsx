import {
  Button,
  ButtonGroup,
  Checkbox,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  Item,
  Picker,
  Text,
  TextArea,
  TextField,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useMay } from "@/api/useSession";
import { faultOf, toFragment } from "@/flow/fragment";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { useDraft } from "../draftContext";
import { createFragment, draftFragments, MOST_NODES, replaceFragment, setFragmentState, tagsOf } from "./fragments";

const NEW = "new";

/** What is selected on the canvas is kept as a fragment, a new one or in place of a draft. */
export function SaveFragmentDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const document = useDraft((draft) => draft.document);
  const selected = useDraft((draft) => draft.selected);
  const mayPublish = useMay("journeys.publish");
  const drafts = useQuery(draftFragments).data?.results ?? [];
  const [place, setPlace] = useState(NEW);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState("");
  const [isActive, setActive] = useState(false);
  const content = toFragment(document, selected);
  const fault = selected.size > MOST_NODES ? "tooLarge" : faultOf(content);

  const save = useAct(
    async () => {
      const draft = { name: name.trim(), description, tags: tagsOf(tags), ...content };
      const made = place === NEW ? await createFragment(draft) : await replaceFragment(place, draft);
      // a draft that can't be activated yet is kept, and put in place of the next time
      setPlace(made.uid);
      return isActive ? setFragmentState(made.uid, "activate") : made;
    },
    {
      invalidates: [["fragments"]],
      showsError: true,
      done: (made) =>
        t(made.state === "active" ? "fragments.done.saved.active" : "fragments.done.saved", { name: made.name }),
      onDone: onClose,
    },
  );
  const choose = (uid: string) => {
    setPlace(uid);
    const found = drafts.find((one) => one.uid === uid);
    if (found === undefined) return;
    setName(found.name);
    setDescription(found.description);
    setTags(found.tags.join(", "));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && fault === null && !save.isPending) save.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("fragments.save")}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Text>{t("fragments.save.detail", { count: selected.size })}</Text>
        {fault !== null && <ErrorNotice error={new Error(t(`fragments.${fault}`, { most: MOST_NODES }))} />}
        <Form id="fragment" onSubmit={submit} validationBehavior="native" marginTop="size-150">
          <Picker
            label={t("fragments.save.place")}
            items={[{ uid: NEW, name: t("fragments.save.new") }, ...drafts]}
            selectedKey={place}
            onSelectionChange={(key) => choose(String(key))}
          >
            {(one) => <Item key={one.uid}>{one.name}</Item>}
          </Picker>
          <TextField label={t("fragments.name")} value={name} onChange={setName} maxLength={255} isRequired autoFocus />
          <TextArea label={t("designer.description")} value={description} onChange={setDescription} maxLength={4000} />
          <TextField
            label={t("designer.properties.tags")}
            description={t("designer.properties.tags.detail")}
            value={tags}
            onChange={setTags}
          />
          <Checkbox isSelected={isActive} onChange={setActive} isDisabled={!mayPublish}>
            {t("fragments.save.activate")}
          </Checkbox>
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="fragment" isPending={save.isPending} isDisabled={fault !== null}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
