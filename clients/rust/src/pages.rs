//! A listing, page by page, as far as it is asked for.
//!
//! It keeps nothing: a listing that changes meanwhile may repeat or miss an item.

use std::{future::Future, pin::Pin};

use tonic::Code;

use crate::{Client, Error, v1};

type Page<Item> = Result<(Vec<Item>, Option<String>), Error>;
type Fetch<Item> =
    Box<dyn Fn(Option<String>) -> Pin<Box<dyn Future<Output = Page<Item>> + Send>> + Send>;

/// The pages of a listing.
pub struct Pages<Item> {
    fetch: Fetch<Item>,
    cursor: Option<String>,
    ended: bool,
}

impl<Item> Pages<Item> {
    /// The next page, which may be empty; `None` after the last one.
    ///
    /// # Errors
    /// The listing failed, or the server gave a cursor twice in a row. It ends there.
    pub async fn next(&mut self) -> Result<Option<Vec<Item>>, Error> {
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let (items, next) = (self.fetch)(self.cursor.clone()).await?;
        if next.is_some() && next == self.cursor {
            let said = format!("the listing gave the cursor {next:?} twice");
            return Err(Error::own(Code::Internal, v1::Execution::Maybe, said));
        }
        self.ended = next.is_none();
        self.cursor = next;
        Ok(Some(items))
    }

    /// Every item that is left. The server decides how many there are.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<Item>, Error> {
        let mut every = Vec::new();
        while let Some(page) = self.next().await? {
            every.extend(page);
        }
        Ok(every)
    }
}

macro_rules! listing {
    ($($about:literal $name:ident: $stub:ident.$rpc:ident($request:ident) -> $items:ident of $item:ident;)*) => {
        impl Client {$(
            #[doc = $about]
            pub fn $name(&self) -> Pages<v1::$item> {
                let client = self.clone();
                let fetch: Fetch<v1::$item> = Box::new(move |cursor| {
                    let mut stub = client.$stub();
                    Box::pin(async move {
                        let request = v1::$request { cursor, ..Default::default() };
                        let page = stub.$rpc(request).await?.into_inner().into_complete()?;
                        Ok((page.$items, page.next_cursor))
                    })
                });
                Pages { fetch, cursor: None, ended: false }
            }
        )*}
    };
}

listing! {
    "Every tool."
    list_tools: tools.list_tools(ListToolsRequest) -> tools of Tool;
    "Every resource."
    list_resources: resources.list_resources(ListResourcesRequest) -> resources of Resource;
    "Every template of resources."
    list_resource_templates:
        resources.list_resource_templates(ListResourceTemplatesRequest)
        -> resource_templates of ResourceTemplate;
    "Every prompt."
    list_prompts: prompts.list_prompts(ListPromptsRequest) -> prompts of Prompt;
}
