/*! Cardkeep elements, Apache-2.0 */
(function(){let e=(e,t)=>{if(typeof e==`object`&&e&&!Array.isArray(e))return Object.keys(e).every(e=>t.includes(e))?{...e}:void 0},t=e=>t=>e.find(e=>e===t),n=e=>t=>typeof t==`string`&&t.length<=e?t:void 0,r=e=>t=>typeof t==`string`&&e.test(t)?t:void 0,i=(e,t)=>n=>typeof n==`number`&&Number.isInteger(n)&&n>=e&&n<=t?n:void 0,a=t=>n=>{let r=Object.keys(t),i=e(n,r);if(!i)return;let a={};for(let e of r){if(i[e]===void 0)continue;let n=t[e](i[e]);if(n===void 0)return;a[e]=n}return a},o=`(?:\\d{1,3}(?:\\.\\d{1,3})?|\\.\\d{1,3})(?:%|deg)?`,s=r(RegExp(`^(?:#(?:[\\da-f]{3,4}|[\\da-f]{6}|[\\da-f]{8})|(?:rgb|hsl)a?\\(${o}(?:(?:, ?| )${o}){2}(?:(?:, ?| ?/ ?)${o})?\\))$`,`i`)),c=r(/^(?:0|\d{1,2}(?:\.\d{1,3})?(?:px|rem))$/),l=r(/^[1-9]00$/),u=/* @__PURE__ */ `system-ui.ui-sans-serif.ui-serif.ui-monospace.ui-rounded.sans-serif.serif.monospace.Arial.Avenir.Avenir Next.Calibri.Cambria.Courier New.Georgia.Gill Sans.Helvetica.Helvetica Neue.Inter.Menlo.Noto Sans.Open Sans.Palatino.Roboto.Segoe UI.Tahoma.Times New Roman.Trebuchet MS.Ubuntu.Verdana`.split(`.`),d={colorText:s,colorLabel:s,colorPlaceholder:s,colorBackground:s,colorBorder:s,colorAccent:s,colorError:s,fontFamily:e=>{if(typeof e!=`string`||e.length>200)return;let t=e.split(`,`).map(e=>e.trim().replace(/^(["'])(.*)\1$/,`$2`)).map(e=>u.find(t=>t.toLowerCase()===e.toLowerCase()));return t.every(e=>e!==void 0)?t.join(`, `):void 0},fontSize:c,labelSize:c,labelWeight:l,borderRadius:c,borderWidth:c,spacing:c,padding:c},f=t([`light`,`dark`,`auto`]),p=e=>m(e)===void 0?g(e):void 0,m=t=>{let n=e(t,[`theme`,`variables`]);if(!n)return`appearance`;if(n.theme!==void 0&&f(n.theme)===void 0)return`appearance.theme`;if(n.variables===void 0)return;if(typeof n.variables!=`object`||n.variables===null)return`appearance.variables`;let r=Object.entries(n.variables).find(([e,t])=>h(e,t)===void 0);return r&&`appearance.variables.${r[0]}`},h=(e,t)=>Object.hasOwn(d,e)?d[e](t):void 0,g=e=>{let t=f(e.theme),n=Object.entries(e.variables??{}).map(([e,t])=>[e,h(e,t)]);return{...t&&{theme:t},variables:Object.fromEntries(n)}},_=t([`card`,`code`]),ee=r(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}$/),v=a({number:n(80),expiry:n(80),code:n(80)}),te=t=>{let n=e(t,[`type`,`version`,`kind`,`locale`,`appearance`,`labels`,`placeholders`]);if(n?.type!==`cardkeep:init`||n.version!==1)return;let r=_(n.kind),i=ee(n.locale),a=p(n.appearance),o=v(n.labels),s=v(n.placeholders);if(r&&i!==void 0&&a&&o&&s)return{type:`cardkeep:init`,version:1,kind:r,locale:i,appearance:a,labels:o,placeholders:s}},ne=e=>typeof e==`object`&&!!e&&`type`in e&&e.type===`cardkeep:init`,re=t=>{let n=e(t,[`type`,`call`,`cardholderName`]),r=ie.get(n?.type);return n&&r?.(n)},ie=/* @__PURE__ */ new Map([[`focus`,()=>({type:`focus`})],[`clear`,()=>({type:`clear`})],[`send`,e=>{let t=i(1,2**53-1)(e.call);if(t===void 0)return;if(e.cardholderName===void 0)return{type:`send`,call:t};let n=ae(e.cardholderName);return n===void 0?void 0:{type:`send`,call:t,cardholderName:n}}]]),ae=n(120),oe=e=>new Promise(t=>{let n=({origin:r,source:i,data:a,ports:o})=>{let[s]=o;i===window.parent&&window.parent!==window&&e.includes(r)&&ne(a)&&s&&(window.removeEventListener(`message`,n),t({port:s,init:te(a)}))};window.addEventListener(`message`,n)}),y={visa:`Visa`,mastercard:`Mastercard`,amex:`Amex`,discover:`Discover`,diners:`Diners Club`,jcb:`JCB`,unionpay:`UnionPay`,maestro:`Maestro`,elo:`Elo`,hipercard:`Hipercard`,mir:`Mir`,rupay:`RuPay`,troy:`Troy`,verve:`Verve`},se={visa:[`4`],mastercard:[`51-55`,`2221-2720`],amex:[`34`,`37`],discover:[`6011`,`644-649`,`65`],diners:[`300-305`,`3095`,`36`,`38-39`],jcb:[`3528-3589`,`1800`,`2131`,`3088-3094`,`3096-3102`,`3112-3120`,`3158-3159`,`3337-3349`],unionpay:[`62`,`8100-8171`],maestro:[`5018`,`5020`,`5038`,`56-58`,`6304`,`67`],elo:[`401178-401179`,`431274`,`438935`,`451416`,`457393`,`457631-457632`,`504175`,`506699-506778`,`509000-509999`,`627780`,`636297`,`636368`,`650031-650033`,`650035-650051`,`650405-650439`,`650485-650538`,`650541-650598`,`650700-650718`,`650720-650727`,`650901-650978`,`651652-651679`,`655000-655019`,`655021-655058`],hipercard:[`606282`],mir:[`2200-2204`],rupay:[`508500-508999`,`606985-607984`,`608001-608500`,`652150-653149`,`817200-820199`],troy:[`9792`],verve:[`506099-506198`,`507865-507964`,`650002-650027`]},ce=(e,t)=>{let[n=``,r=n]=t.split(`-`);return{scheme:e,from:n,to:r}},le=Object.keys(se).flatMap(e=>se[e].map(t=>ce(e,t))).toSorted((e,t)=>t.from.length-e.from.length),ue=Array.from({length:10},(e,t)=>le.filter(({from:e})=>e.startsWith(String(t)))),b=e=>ue[Number(e[0])]?.find(({from:t,to:n})=>{let r=e.slice(0,t.length);return r>=t&&r<=n})?.scheme??`unknown`,x={visa:[3],mastercard:[3],amex:[4],discover:[3],diners:[3],jcb:[3],unionpay:[3],maestro:[3],elo:[3],hipercard:[3],mir:[3],rupay:[3],troy:[3],verve:[3],unknown:[3,4]},S=e=>e.normalize(`NFKC`).split(``).map(e=>fe(e.charCodeAt(0))).join(``),de=[48,1632,1776,2406],fe=e=>{let t=de.find(t=>e>=t&&e<t+10);return t===void 0?``:String(e-t)},pe=(e,t)=>S(e).slice(0,Math.max(...x[t])),me=(e,t)=>{let{length:n}=S(e);if(n===0)return`empty`;if(!x[t].includes(n))return n>Math.max(...x[t])?`invalid`:`incomplete`},C=(e,t={},...n)=>{let r=document.createElement(e);return E(r,t),r.append(...n),r},w=(e,t)=>{let n=document.createElementNS(T,`svg`);E(n,{"aria-hidden":`true`,focusable:`false`,fill:`none`,...e});for(let[e,r]of t){let t=document.createElementNS(T,e);E(t,r),n.append(t)}return n},T=`http://www.w3.org/2000/svg`,E=(e,t)=>{for(let[n,r]of Object.entries(t))e.setAttribute(n,r)},he=e=>({ok:!0,value:e}),D=e=>({ok:!1,error:e}),O=e=>e,ge=/^(0[1-9]|1[0-2])$/,_e=/^(\d{2}|\d{4})$/,k=(e,t)=>{if(!ge.test(e))return D({type:`InvalidExpiryMonth`});if(!_e.test(t))return D({type:`InvalidExpiryYear`});let n=t.length===2?2e3+Number(t):Number(t);return n<2e3||n>2099?D({type:`InvalidExpiryYear`}):he({month:Number(e),year:n,yearDigits:t.length===2?2:4})},A=({month:e,year:t})=>Date.UTC(t,e,1)+432e5,ve=(e,t)=>t>=A(e),ye=(e,t)=>A(e)>t+15768e8,j=e=>String(e%100).padStart(2,`0`),be=(e,t)=>{let[n,r]=P(e);return r===``?n.length===2&&!t?n+N:n:`${t||e.includes(N)?Ce(e,n):n}${N}${r}`},xe=e=>{let t=M(e);return t?`${j(t.month)}${N}${j(t.year)}`:e},M=e=>{let[t,n]=P(e),r=k(t,n);return r.ok?{month:r.value.month,year:r.value.year}:void 0},Se=(e,t)=>{let[n,r]=P(e);if(n+r===``)return`empty`;if(n.length<2||r.length!==2&&r.length!==4)return Number(n)>12?`invalid`:`incomplete`;let i=k(n,r);return!i.ok||ye(i.value,O(t))?`invalid`:ve(i.value,O(t))?`expired`:void 0},N=` / `,Ce=(e,t)=>{let n=S(e.split(`/`)[0]??``);return n.length<2?n:t},P=e=>{let[t=``,...n]=e.normalize(`NFKC`).split(/[^\p{Nd}]+/u).map(S),[r=``]=n;if(t.length===4&&r.length===2)return[r,I(t)];if(r!==``)return[F(t).slice(0,2),I(r)];let i=t.slice(0,we(t)),a=I(t.slice(i.length));return[i===`0`||i===`1`&&a===``&&n.length===0?i:F(i),a]},we=e=>Number(e.slice(0,2))>12||e>`2`?1:2,F=e=>e===``?``:e.padStart(2,`0`),I=e=>e.slice(0,e.startsWith(`20`)?4:2),L=()=>w({class:`glyph`,viewBox:`0 0 28 20`},[[`rect`,{...R,x:`1`,y:`1`,width:`26`,height:`18`,rx:`3`}],[`path`,{...R,d:`M1 6.5h26`}],[`path`,{...R,d:`M5 14h6`,"stroke-linecap":`round`}]]),Te=e=>w({class:`glyph`,viewBox:`0 0 28 20`},[[`rect`,{...R,x:`1`,y:`1`,width:`26`,height:`18`,rx:`3`}],...e===`back`?De:Oe]),Ee=()=>w({class:`warning`,viewBox:`0 0 16 16`},[[`circle`,{cx:`8`,cy:`8`,r:`7`,fill:`currentColor`}],[`path`,{d:`M8 4.2v4.6M8 11.6v.2`,stroke:`var(--ground)`,"stroke-width":`1.8`,"stroke-linecap":`round`}]]),R={stroke:`currentColor`,"stroke-width":`1.5`},z=(e,t)=>[`circle`,{cx:e,cy:t,r:`1.25`,class:`dot`}],De=[[`path`,{...R,d:`M1 5.75h26`,"stroke-width":`2.5`}],[`path`,{...R,d:`M5 13h7`,"stroke-linecap":`round`}],z(`16.5`,`13`),z(`20`,`13`),z(`23.5`,`13`)],Oe=[[`path`,{...R,d:`M5 14.5h9`,"stroke-linecap":`round`}],z(`13`,`7`),z(`16.5`,`7`),z(`20`,`7`),z(`23.5`,`7`)],ke=({name:e,label:t,placeholder:n,describedBy:r=[]})=>{let[i,a]=[`${e}-error`,`${e}-hint`],o=C(`input`,{...je[e],...Ae,id:e,placeholder:n,"aria-describedby":[...r,a,i].join(` `)}),s=C(`span`,{class:`mark`,"aria-hidden":`true`}),c=C(`div`,{class:`box`},o,s),l=C(`p`,{class:`error`,id:i,"aria-live":`polite`}),u=C(`span`,{class:`hidden`,id:a}),d=C(`div`,{class:`field ${e}`},C(`label`,{for:e},t),c,l,u);return c.addEventListener(`pointerdown`,e=>{e.target!==o&&(e.preventDefault(),o.focus())}),{name:e,root:d,input:o,showError:e=>{d.classList.toggle(`wrong`,e!==void 0),o.setAttribute(`aria-invalid`,String(e!==void 0)),l.textContent!==(e??``)&&l.replaceChildren(...e===void 0?[]:[Ee(),C(`span`,{},e)])},mark:e=>s.replaceChildren(e),hint:e=>{u.textContent=e}}},Ae={type:`text`,inputmode:`numeric`,autocorrect:`off`,autocapitalize:`off`,spellcheck:`false`,"aria-invalid":`false`,"aria-required":`true`},je={number:{name:`cardnumber`,autocomplete:`cc-number`,enterkeyhint:`next`},expiry:{name:`cc-exp`,autocomplete:`cc-exp`,enterkeyhint:`next`},code:{name:`cvc`,autocomplete:`cc-csc`,enterkeyhint:`done`}},Me=e=>{let t=0,n=!1;for(let r=e.length-1;r>=0;r--){let i=e.charCodeAt(r)-48,a=n?i*2:i;t+=a>9?a-9:a,n=!n}return t%10==0},B={visa:[13,16,18,19],mastercard:[16],amex:[15],discover:[16,17,18,19],diners:[14,15,16,17,18,19],jcb:[15,16,17,18,19],unionpay:[14,15,16,17,18,19],maestro:[13,14,15,16,17,18,19],elo:[16],hipercard:[13,16,19],mir:[16,17,18,19],rupay:[16],troy:[16],verve:[16,18,19],unknown:[13,14,15,16,17,18,19]},Ne=e=>{let t=S(e),n=b(t),r=t.slice(0,V(n)),i=Le(n,r.length);return r.split(``).map((e,t)=>i.includes(t)?` ${e}`:e).join(``)},Pe=e=>{let t=S(e);if(t===``)return`empty`;let n=b(t);if(!(B[n].includes(t.length)&&Me(t)))return t.length<Math.min(Ie,V(n))?`incomplete`:`invalid`},Fe=e=>{let t=S(e);return t.length>=V(b(t))},Ie=16,V=e=>B[e].at(-1)??16,Le=(e,t)=>e===`amex`||e===`diners`&&t<=14?[4,10]:[4,8,12,16],Re=(e,t)=>b(t??S(e.number??``)),ze=(e,t,n)=>{let r={number:e.number===void 0?void 0:Pe(e.number),expiry:e.expiry===void 0?void 0:Se(e.expiry,n),code:e.code===void 0?void 0:me(e.code,t)};return Object.fromEntries(Object.entries(r).filter(([,e])=>e!==void 0))},H=(e,t,n,r)=>({empty:Object.values(e).every(e=>e===``),complete:Object.keys(n).length===0,valid:Object.keys(r).length===0,...t!==`unknown`&&{brand:t},errors:r}),Be=(e,t)=>{let n=b(e.issuerNumber),r=n===`unknown`?void 0:y[n],i=`${j(e.expiryMonth)} / ${j(e.expiryYear)}`,a=t.describeCard(r??t.unknownBrand,e.last4,i);return C(`div`,{class:`field known`},C(`span`,{class:`label`,"aria-hidden":`true`},t.knownCard),C(`div`,{class:`box`,"aria-hidden":`true`},C(`span`,{class:`mark`},r?W(r):L()),C(`span`,{class:`digits`},`•••• ${e.last4}`),C(`span`,{class:`digits until`},i)),C(`span`,{class:`hidden`,id:U},a))},U=`known-card`,W=e=>C(`span`,{class:`brand`},e),Ve=({text:e,caret:t},n)=>{let r=n(e);if(t>=e.length)return{text:r,caret:r.length};let i=S(e.slice(0,t)).length;return{text:r,caret:G(r,i)}},He=(e,t)=>{let n=S(e.text.slice(0,e.caret)).length,r=G(e.text,t===`backward`?n:n+1);return r===0?e:{text:e.text.slice(0,r-1)+e.text.slice(r),caret:r-1}},G=(e,t)=>{if(t===0)return 0;let n=0;for(let[r,i]of e.split(``).entries())if(S(i)!==``&&(n++,n===t))return r+1;return e.length},Ue=(e,t,n)=>{let r=0,i=i=>{let a=i.startsWith(`delete`),o={text:e.value,caret:e.selectionStart??e.value.length},s=a&&o.text!==``&&S(o.text).length===r?He(o,i.endsWith(`Forward`)?`forward`:`backward`):o,c=Ve(s,e=>t(e,a));c.text!==e.value&&(e.value=c.text),document.activeElement===e&&e.setSelectionRange(c.caret,c.caret),n()};e.addEventListener(`beforeinput`,()=>{r=S(e.value).length}),e.addEventListener(`input`,e=>{let{inputType:t=``,isComposing:n=!1}=e;n||i(t)}),e.addEventListener(`compositionend`,()=>i(``))},We=e=>{let{init:t,texts:n,card:r,now:i}=e,a=Ge(t.kind).map(e=>ke({name:e,label:t.labels[e]??n.labels[e],placeholder:t.placeholders[e]??qe(e,n),describedBy:r?[U]:[]})),o=C(`form`,{novalidate:``,autocomplete:`on`});o.append(...r?[Be(r,n)]:[],...a.map(e=>e.root));let s=()=>o.getAttribute(`aria-busy`)===`true`,c=()=>o.dataset.done!==void 0,l={},u,d=``,f=()=>Object.fromEntries(a.map(({name:e,input:t})=>[e,t.value])),p=()=>Re(f(),r?.issuerNumber),m=()=>ze(f(),p(),i()),h=e=>{l=e;for(let t of a)t.showError(Je(n,t.name,e[t.name]))},g=()=>{if(c())return;if(u!==p()){u=p();for(let e of a)K(e,u,n)}let t=H(f(),u,m(),l),r=JSON.stringify(t);r!==d&&(d=r,e.changed(t))};for(let{name:t,input:n}of a)Ue(n,(e,n)=>Ke[t](e,n,p),()=>{let{[t]:e,...r}=l,i=m()[t],a=i===`invalid`&&t===`number`&&Fe(n.value);h(a?{...r,[t]:i}:r),g()}),n.addEventListener(`focus`,()=>e.entered(t)),n.addEventListener(`blur`,()=>{t===`expiry`&&!n.readOnly&&(n.value=xe(n.value));let r=m()[t];n.value!==``&&!n.readOnly&&r&&h({...l,[t]:r}),g(),e.left(t)}),n.addEventListener(`keydown`,t=>{t.key!==`Enter`||t.isComposing||(t.preventDefault(),e.submitted())});o.addEventListener(`submit`,e=>e.preventDefault());let _=e=>{for(let{input:t}of a)t.readOnly=e};u=p();for(let e of a)K(e,u,n);return d=JSON.stringify(H(f(),u,m(),l)),{root:o,take:()=>{let e=m();h(e),g();let t=a.find(({name:t})=>e[t]!==void 0);return t?.input.focus(),t?void 0:f()},focus:()=>(a.find(({name:e})=>m()[e]!==void 0)??a[0])?.input.focus(),clear:()=>{if(!s()){for(let{input:e}of a)e.value=``;delete o.dataset.done,_(!1),h({}),g()}},setBusy:e=>{o.setAttribute(`aria-busy`,String(e)),_(e)},finish:()=>{for(let{name:e,input:t}of a)t.value=Ye(e,t.value);o.dataset.done=``,_(!0)}}},Ge=e=>e===`card`?[`number`,`expiry`,`code`]:[`code`],Ke={number:Ne,expiry:be,code:(e,t,n)=>pe(e,n())},qe=(e,t)=>({number:`1234 1234 1234 1234`,expiry:t.expiryPlaceholder,code:`CVC`})[e],Je=(e,t,n)=>{let r={number:e.numberErrors,expiry:e.expiryErrors,code:e.codeErrors}[t];return n&&r[n]},K=(e,t,n)=>{if(e.name===`number`&&e.mark(t===`unknown`?L():W(y[t])),e.name!==`code`)return;let r=t===`amex`;e.mark(Te(r?`front`:`back`)),e.hint(r?n.codeOnFront:n.codeOnBack)},Ye=(e,t)=>e===`number`?`•••• ${S(t).slice(-4)}`:e===`code`?`•••`:t,Xe={direction:`rtl`,labels:{number:`رقم البطاقة`,expiry:`تاريخ الانتهاء`,code:`رمز الأمان`},knownCard:`البطاقة`,expiryPlaceholder:`MM / YY`,codeOnBack:`3 أرقام على ظهر البطاقة`,codeOnFront:`4 أرقام على وجه البطاقة`,numberErrors:{empty:`أدخل رقم البطاقة.`,incomplete:`رقم البطاقة غير مكتمل.`,invalid:`تحقق من رقم البطاقة.`},expiryErrors:{empty:`أدخل تاريخ الانتهاء.`,incomplete:`تاريخ الانتهاء غير مكتمل.`,invalid:`تحقق من تاريخ الانتهاء.`,expired:`انتهت صلاحية هذه البطاقة.`},codeErrors:{empty:`أدخل رمز الأمان.`,incomplete:`رمز الأمان غير مكتمل.`,invalid:`تحقق من رمز الأمان.`},describeCard:(e,t,n)=>`${e} تنتهي بالأرقام ${t}، صالحة حتى ${n}`,unknownBrand:`بطاقة`,failures:{invalid:`يرجى التحقق من الحقول المحددة.`,busy:`لحظة من فضلك، تجري معالجة بطاقتك.`,session:`انتهى وقت إدخال البطاقة. يرجى البدء من جديد.`,refused:`لم تُقبل البطاقة. يرجى التحقق من البيانات.`,unreachable:`تعذّر الاتصال. يرجى المحاولة مرة أخرى.`}},Ze={direction:`ltr`,labels:{number:`Kartennummer`,expiry:`Gültig bis`,code:`Prüfnummer`},knownCard:`Karte`,expiryPlaceholder:`MM / JJ`,codeOnBack:`3 Ziffern auf der Rückseite der Karte`,codeOnFront:`4 Ziffern auf der Vorderseite der Karte`,numberErrors:{empty:`Bitte die Kartennummer eingeben.`,incomplete:`Die Kartennummer ist unvollständig.`,invalid:`Bitte die Kartennummer prüfen.`},expiryErrors:{empty:`Bitte das Ablaufdatum eingeben.`,incomplete:`Das Ablaufdatum ist unvollständig.`,invalid:`Bitte das Ablaufdatum prüfen.`,expired:`Diese Karte ist abgelaufen.`},codeErrors:{empty:`Bitte die Prüfnummer eingeben.`,incomplete:`Die Prüfnummer ist unvollständig.`,invalid:`Bitte die Prüfnummer prüfen.`},describeCard:(e,t,n)=>`${e} mit den Endziffern ${t}, gültig bis ${n}`,unknownBrand:`Karte`,failures:{invalid:`Bitte prüfen Sie die markierten Felder.`,busy:`Einen Moment bitte, Ihre Karte wird verarbeitet.`,session:`Die Zeit für die Eingabe ist abgelaufen. Bitte beginnen Sie von vorn.`,refused:`Die Karte wurde nicht angenommen. Bitte prüfen Sie Ihre Angaben.`,unreachable:`Die Verbindung ist fehlgeschlagen. Bitte versuchen Sie es noch einmal.`}},q={direction:`ltr`,labels:{number:`Card number`,expiry:`Expiry date`,code:`Security code`},knownCard:`Card`,expiryPlaceholder:`MM / YY`,codeOnBack:`3 digits on the back of the card`,codeOnFront:`4 digits on the front of the card`,numberErrors:{empty:`Enter the card number.`,incomplete:`The card number is not complete.`,invalid:`Check the card number.`},expiryErrors:{empty:`Enter the expiry date.`,incomplete:`The expiry date is not complete.`,invalid:`Check the expiry date.`,expired:`This card has expired.`},codeErrors:{empty:`Enter the security code.`,incomplete:`The security code is not complete.`,invalid:`Check the security code.`},describeCard:(e,t,n)=>`${e} ending in ${t}, expires ${n}`,unknownBrand:`Card`,failures:{invalid:`Please check the marked fields.`,busy:`One moment, please: your card is being processed.`,session:`The time to enter your card is over. Please start again.`,refused:`The card was not accepted. Please check your entries.`,unreachable:`The connection failed. Please try again.`}},Qe={direction:`ltr`,labels:{number:`Número de tarjeta`,expiry:`Caducidad`,code:`Código de seguridad`},knownCard:`Tarjeta`,expiryPlaceholder:`MM / AA`,codeOnBack:`3 dígitos en el reverso de la tarjeta`,codeOnFront:`4 dígitos en el anverso de la tarjeta`,numberErrors:{empty:`Introduce el número de tarjeta.`,incomplete:`El número de tarjeta está incompleto.`,invalid:`Revisa el número de tarjeta.`},expiryErrors:{empty:`Introduce la fecha de caducidad.`,incomplete:`La fecha de caducidad está incompleta.`,invalid:`Revisa la fecha de caducidad.`,expired:`Esta tarjeta ha caducado.`},codeErrors:{empty:`Introduce el código de seguridad.`,incomplete:`El código de seguridad está incompleto.`,invalid:`Revisa el código de seguridad.`},describeCard:(e,t,n)=>`${e} terminada en ${t}, caduca ${n}`,unknownBrand:`Tarjeta`,failures:{invalid:`Revisa los campos marcados.`,busy:`Un momento, estamos procesando tu tarjeta.`,session:`El tiempo para introducir la tarjeta ha terminado. Empieza de nuevo.`,refused:`La tarjeta no se ha aceptado. Revisa los datos.`,unreachable:`La conexión ha fallado. Inténtalo de nuevo.`}},$e={direction:`ltr`,labels:{number:`Numéro de carte`,expiry:`Date d’expiration`,code:`Cryptogramme`},knownCard:`Carte`,expiryPlaceholder:`MM / AA`,codeOnBack:`3 chiffres au dos de la carte`,codeOnFront:`4 chiffres au recto de la carte`,numberErrors:{empty:`Saisissez le numéro de carte.`,incomplete:`Le numéro de carte est incomplet.`,invalid:`Vérifiez le numéro de carte.`},expiryErrors:{empty:`Saisissez la date d’expiration.`,incomplete:`La date d’expiration est incomplète.`,invalid:`Vérifiez la date d’expiration.`,expired:`Cette carte a expiré.`},codeErrors:{empty:`Saisissez le cryptogramme.`,incomplete:`Le cryptogramme est incomplet.`,invalid:`Vérifiez le cryptogramme.`},describeCard:(e,t,n)=>`${e} se terminant par ${t}, expire le ${n}`,unknownBrand:`Carte`,failures:{invalid:`Vérifiez les champs signalés.`,busy:`Un instant, votre carte est en cours de traitement.`,session:`Le temps de saisie est écoulé. Veuillez recommencer.`,refused:`La carte n’a pas été acceptée. Vérifiez votre saisie.`,unreachable:`La connexion a échoué. Veuillez réessayer.`}},et={direction:`ltr`,labels:{number:`カード番号`,expiry:`有効期限`,code:`セキュリティコード`},knownCard:`カード`,expiryPlaceholder:`月 / 年`,codeOnBack:`カード裏面の3桁の番号`,codeOnFront:`カード表面の4桁の番号`,numberErrors:{empty:`カード番号を入力してください。`,incomplete:`カード番号の桁数が足りません。`,invalid:`カード番号をご確認ください。`},expiryErrors:{empty:`有効期限を入力してください。`,incomplete:`有効期限を最後まで入力してください。`,invalid:`有効期限をご確認ください。`,expired:`このカードは有効期限が切れています。`},codeErrors:{empty:`セキュリティコードを入力してください。`,incomplete:`セキュリティコードの桁数が足りません。`,invalid:`セキュリティコードをご確認ください。`},describeCard:(e,t,n)=>`${e}、末尾 ${t}、有効期限 ${n}`,unknownBrand:`カード`,failures:{invalid:`印の付いた項目をご確認ください。`,busy:`カードを処理しています。少々お待ちください。`,session:`入力時間が終了しました。最初からやり直してください。`,refused:`このカードはご利用いただけませんでした。入力内容をご確認ください。`,unreachable:`接続できませんでした。もう一度お試しください。`}},tt={direction:`ltr`,labels:{number:`Número do cartão`,expiry:`Validade`,code:`Código de segurança`},knownCard:`Cartão`,expiryPlaceholder:`MM / AA`,codeOnBack:`3 dígitos no verso do cartão`,codeOnFront:`4 dígitos na frente do cartão`,numberErrors:{empty:`Informe o número do cartão.`,incomplete:`O número do cartão está incompleto.`,invalid:`Verifique o número do cartão.`},expiryErrors:{empty:`Informe a data de validade.`,incomplete:`A data de validade está incompleta.`,invalid:`Verifique a data de validade.`,expired:`Este cartão está vencido.`},codeErrors:{empty:`Informe o código de segurança.`,incomplete:`O código de segurança está incompleto.`,invalid:`Verifique o código de segurança.`},describeCard:(e,t,n)=>`${e} com final ${t}, válido até ${n}`,unknownBrand:`Cartão`,failures:{invalid:`Verifique os campos marcados.`,busy:`Um momento: o seu cartão está sendo processado.`,session:`O tempo para informar o cartão terminou. Comece de novo.`,refused:`O cartão não foi aceito. Verifique os dados.`,unreachable:`A conexão falhou. Tente novamente.`}},nt=e=>{let t=e.split(`-`)[0]?.toLowerCase()??``,n=rt.get(t);return n?{tag:t,texts:n}:{tag:`en`,texts:q}},rt=new Map(Object.entries({ar:Xe,de:Ze,en:q,es:Qe,fr:$e,ja:et,pt:tt})),it=({theme:e=`light`,variables:t={}})=>{let n=document.documentElement;n.style.setProperty(`color-scheme`,e===`auto`?`light dark`:e);let r=matchMedia(`(prefers-color-scheme: dark)`),i=()=>{n.dataset.theme=e===`auto`?r.matches?`dark`:`light`:e};i(),e===`auto`&&r.addEventListener(`change`,i);for(let[e,r]of Object.entries(at)){let i=t[e];i!==void 0&&n.style.setProperty(r,i)}},at={colorText:`--text`,colorLabel:`--label`,colorPlaceholder:`--placeholder`,colorBackground:`--ground`,colorBorder:`--border`,colorAccent:`--accent`,colorError:`--error`,fontFamily:`--font`,fontSize:`--size`,labelSize:`--label-size`,labelWeight:`--label-weight`,borderRadius:`--radius`,borderWidth:`--line`,spacing:`--gap`,padding:`--padding`},ot=(e,t)=>{let n=M(e.expiry??``);return{account_number:S(e.number??``),expiry_month:n?.month,expiry_year:n?.year,security_code:S(e.code??``),...t!==void 0&&t.trim()!==``&&{additional_data:{cardholder_name:t.trim()}}}},st=e=>({security_code:S(e.code??``)}),ct=async(e,t,n)=>{let r=X(Y(JSON.stringify({alg:`RSA-OAEP-256`,enc:`A256GCM`,sid:t}))),i=await crypto.subtle.importKey(`jwk`,{kty:`RSA`,n:n.n,e:n.e},{name:`RSA-OAEP`,hash:`SHA-256`},!1,[`wrapKey`]),a=await crypto.subtle.generateKey({name:`AES-GCM`,length:256},!0,[`encrypt`]),o=await crypto.subtle.wrapKey(`raw`,a,i,{name:`RSA-OAEP`}),s=crypto.getRandomValues(/* @__PURE__ */ new Uint8Array(12)),c=new Uint8Array(await crypto.subtle.encrypt({name:`AES-GCM`,iv:s,additionalData:Y(r),tagLength:J*8},a,Y(JSON.stringify(e))));return[r,...[new Uint8Array(o),s,c.slice(0,-J),c.slice(-J)].map(X)].join(`.`)},J=16,Y=e=>new TextEncoder().encode(e),X=e=>btoa(String.fromCharCode(...e)).replaceAll(`+`,`-`).replaceAll(`/`,`_`).replaceAll(`=`,``),lt=({kind:e,form:t,vault:n,sessionId:r,key:i,texts:a})=>{let o=`open`,s,c=e=>({status:`failure`,reason:e,message:a.failures[e]}),l=async a=>{let o=t.take();if(!o)return c(`invalid`);let l=e===`card`?ot(o,a):st(o),u=JSON.stringify(l);if(s!==u){let{type:e}=await n.state();if(e===`success`||e===`unreachable`)return c(e===`success`?`session`:e)}let d=await n.answer(ut[e],await ct(l,r,i));return s=d.type===`unreachable`?u:void 0,d.type===`success`?{status:`success`,tokenId:d.tokenId}:c(dt[d.type])};return{send:async e=>{if(o===`busy`)return c(`busy`);if(o===`done`)return c(`session`);o=`busy`,t.setBusy(!0);let n=await l(e).catch(()=>c(`unreachable`));return t.setBusy(!1),o=n.status===`success`?`done`:`open`,o===`done`&&t.finish(),n.status===`failure`&&n.reason===`session`&&t.clear(),n}}},ut={card:`tokenize_card`,code:`refresh_security_code`},dt={gone:`session`,failure:`session`,refused:`refused`,unreachable:`unreachable`,wait:`unreachable`,"wants card":`refused`,"wants code":`refused`};var ft=`:root {
  --text: #17202c;
  --label: #3b4655;
  --placeholder: #667080;
  --ground: #ffffff;
  --border: #868f9c;
  --accent: #2456e0;
  --error: #b42318;
  --font: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --size: 1rem;
  --label-size: 0.875rem;
  --label-weight: 500;
  --radius: 8px;
  --line: 1px;
  --gap: 1rem;
  --padding: 0.6875rem;
}

:root[data-theme="dark"] {
  --text: #eef1f6;
  --label: #c5ccd8;
  --placeholder: #97a1b1;
  --ground: #171b22;
  --border: #6d7686;
  --accent: #8cadff;
  --error: #ff9c91;
}

*,
*::before,
*::after {
  box-sizing: border-box;
}

html {
  overflow: hidden;
  /* The words of the system do not grow or shrink behind its back. */
  -webkit-text-size-adjust: 100%;
  text-size-adjust: 100%;
}

body {
  margin: 0;
  /* Room for the ring around what has the focus; the page pulls the frame out by as much. */
  padding: 4px;
  background: transparent;
  color: var(--text);
  font: 400 var(--size) / 1.5 var(--font);
  -webkit-font-smoothing: antialiased;
}

/* Where there is not enough room for two fields side by side they stand one over the other. */
form {
  display: flex;
  flex-wrap: wrap;
  gap: var(--gap);
  align-items: flex-start;
  margin: 0;
}

.expiry,
.code {
  flex: 1 1 8.5rem;
}

.number {
  position: relative;
  flex: 1 0 100%;
}

/* A card that is known needs more room than its code. */
.known {
  flex: 1.5 1 13.5rem;
}

label,
.label {
  display: block;
  margin-block-end: 0.375rem;
  color: var(--label);
  font-size: var(--label-size);
  font-weight: var(--label-weight);
  line-height: 1.4;
}

.box {
  display: flex;
  align-items: center;
  gap: 0.5rem;
  padding-inline: calc(var(--padding) * 1.25);
  border: var(--line) solid var(--border);
  border-radius: var(--radius);
  background: var(--ground);
  outline: 2px solid transparent;
  outline-offset: -1px;
  cursor: text;
  transition:
    border-color 120ms ease,
    box-shadow 120ms ease;
}

input {
  flex: 1;
  min-inline-size: 0;
  inline-size: 100%;
  margin: 0;
  padding: var(--padding) 0;
  border: 0;
  outline: 0;
  background: transparent;
  color: inherit;
  font: inherit;
  font-variant-numeric: tabular-nums;
  /* Numbers are read from left to right in every language. */
  direction: ltr;
  text-align: left;
  caret-color: var(--accent);
  appearance: none;
}

:dir(rtl) input {
  text-align: right;
}

input::placeholder {
  color: var(--placeholder);
  opacity: 1;
}

/* The browser's own colour for what it has filled in would hide ours; it is kept away by a shadow that covers it. */
input:autofill {
  box-shadow: 0 0 0 100vmax var(--ground) inset;
  -webkit-text-fill-color: var(--text);
}

.box:hover {
  border-color: var(--label);
}

.box:focus-within {
  border-color: var(--accent);
  outline-color: var(--accent);
}

.wrong .box {
  border-color: var(--error);
}

.wrong .box:focus-within {
  outline-color: var(--error);
}

.mark {
  flex: none;
  display: flex;
  color: var(--placeholder);
}

.glyph {
  inline-size: 1.75rem;
  block-size: 1.25rem;
}

.glyph .dot {
  fill: currentColor;
}

.code .box:focus-within .dot {
  fill: var(--accent);
}

.brand {
  padding: 0.0625rem 0.4375rem;
  border: 1px solid var(--border);
  border-radius: 5px;
  color: var(--label);
  font-size: 0.75rem;
  font-weight: 600;
  line-height: 1.5;
  letter-spacing: 0.01em;
  white-space: nowrap;
}

/* Beside a long number there is no room for its brand. */
@media (max-width: 20rem) {
  .number .brand {
    position: absolute;
    inset-block-start: -0.0625rem;
    inset-inline-end: 0;
  }
}

.error {
  display: flex;
  gap: 0.375rem;
  margin: 0;
  color: var(--error);
  font-size: 0.8125rem;
  line-height: 1.4;
}

.error:not(:empty) {
  margin-block-start: 0.375rem;
}

.warning {
  flex: none;
  inline-size: 1.125em;
  block-size: 1.125em;
  margin-block-start: 0.125em;
}

.known .box {
  border-style: dashed;
  background: transparent;
  cursor: default;
  flex-wrap: wrap;
  column-gap: 0.625rem;
  row-gap: 0;
  min-block-size: calc(1.5em + 2 * var(--padding) + 2 * var(--line));
  padding-block: calc(var(--padding) * 0.5);
}

.known .box:hover {
  border-color: var(--border);
}

.digits {
  direction: ltr;
  unicode-bidi: isolate;
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}

.until {
  margin-inline-start: auto;
  color: var(--label);
  font-size: 0.875em;
}

form[aria-busy="true"] .box,
form[data-done] .box {
  opacity: 0.72;
}

.hidden {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

@media (prefers-reduced-motion: reduce) {
  .box {
    transition: none;
  }
}

@media (forced-colors: active) {
  .box:focus-within {
    outline-color: Highlight;
  }

  .error,
  .wrong .box {
    border-color: Mark;
  }
}
`;let pt=(e,t)=>{let n=-1;new ResizeObserver(()=>{let r=Math.ceil(e.getBoundingClientRect().height);r!==n&&(n=r,t(r))}).observe(e)},mt=e=>{let t=Z(e),n=Z(t.data),r=t.next_action??t.status;if(r===`wait`)return{type:`wait`};if(r===`failure`)return{type:`failure`};if(r===`success`){let e=n.token_id;return typeof e==`string`?{type:`success`,tokenId:e}:void 0}let i=ht(n.jwk);if(!i)return;if(r===`tokenize_card`)return{type:`wants card`,key:i};let a=r===`refresh_security_code`?gt(n):void 0;return a&&{type:`wants code`,key:i,card:a}},Z=e=>typeof e==`object`&&e?{...e}:{},ht=e=>{let{n:t,e:n}=Z(e);return typeof t==`string`&&typeof n==`string`&&t.length>=342?{n:t,e:n}:void 0},gt=e=>{let t=e.issuer_identification_number,n=e.account_number_last_four,r=e.expiry_month,i=e.expiry_year;if(typeof t==`string`&&/^\d{6,8}$/.test(t)&&typeof n==`string`&&/^\d{4}$/.test(n)&&typeof r==`number`&&typeof i==`number`)return{issuerNumber:t,last4:n,expiryMonth:r,expiryYear:i}},_t=e=>({state:()=>Q(()=>$(e)),answer:async(t,n)=>{let r=await $(`${e}/complete-action`,{method:`POST`,headers:{"content-type":`application/json`},body:JSON.stringify({action:t,result:{enc_payload:n}})});return r.type===`wait`?Q(()=>$(e)):r}}),Q=async e=>{for(let t=20;t>0;t--){let t=await e();if(t.type!==`wait`)return t;await new Promise(e=>setTimeout(e,1e3))}return{type:`unreachable`}},$=async(e,t={})=>{try{let n=await fetch(e,{...t,credentials:`same-origin`,cache:`no-store`,redirect:`error`,referrerPolicy:`no-referrer`,signal:AbortSignal.timeout(3e4)});return n.status===404?{type:`gone`}:n.status===422||n.status===413?{type:`refused`}:n.ok?mt(await n.json())??{type:`unreachable`}:{type:`unreachable`}}catch{return{type:`unreachable`}}},vt=async()=>{let e=location.pathname.split(`/`).at(-1)??``,t=_t(new URL(`../../../sessions/${e}`,location.href).href),n=t.state(),{port:r,init:i}=await oe(bt()),a=e=>r.postMessage(e);if(a({type:`hello`}),!i)return a({type:`failed`,...St});yt({sessionId:e,vault:t,init:i,port:r,tell:a,answer:await n})},yt=({sessionId:e,vault:t,init:n,port:r,tell:i,answer:a})=>{if(a.type!==`wants ${n.kind}`)return i({type:`failed`,...xt(a,n.kind)});if(a.type!==`wants card`&&a.type!==`wants code`)return;let{tag:o,texts:s}=nt(n.locale);document.documentElement.lang=o,document.documentElement.dir=s.direction,it(n.appearance);let c=new CSSStyleSheet;c.replaceSync(ft),document.adoptedStyleSheets=[c];let l=We({init:n,texts:s,card:a.type===`wants code`?a.card:void 0,now:()=>Date.now(),changed:e=>i({type:`change`,state:e}),entered:e=>i({type:`focus`,field:e}),left:e=>i({type:`blur`,field:e}),submitted:()=>i({type:`submit`})}),u=lt({kind:n.kind,form:l,vault:t,sessionId:e,key:a.key,texts:s});r.onmessage=async({data:e})=>{let t=re(e);if(t?.type===`focus`&&l.focus(),t?.type===`clear`&&l.clear(),t?.type!==`send`)return;let{call:n,cardholderName:r}=t;i({type:`answer`,call:n,result:await u.send(r)})},document.body.append(l.root),pt(document.body,e=>i({type:`resize`,height:e})),i({type:`ready`})},bt=()=>document.querySelector(`meta[name="cardkeep-origins"]`)?.content.split(` `)??[],xt=(e,t)=>e.type===`unreachable`?{reason:`timeout`,message:`The vault gave no answer.`}:e.type===`wants card`||e.type===`wants code`?{reason:`session`,message:`This session ${e.type}, which a "${t}" element cannot give. Create a "${e.type.slice(6)}".`}:{reason:`session`,message:`This session is over, or was answered before. Open another one.`},St={reason:`protocol`,message:`The script of the page does not speak as this vault does. Take it from the vault anew.`};vt()})();
