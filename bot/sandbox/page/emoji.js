// A small table of emoji by their Slack names: those that people and apps use most. Others stay `:name:`.

const NAMES = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 clap 👏 wave 👋 pray 🙏 raised_hands 🙌 muscle 💪 point_up ☝️
point_right 👉 point_left 👈 point_down 👇 handshake 🤝 eyes 👀 ear 👂 brain 🧠 speech_balloon 💬 thought_balloon 💭
smile 😄 smiley 😃 grinning 😀 grin 😁 joy 😂 rolling_on_the_floor_laughing 🤣 slightly_smiling_face 🙂 wink 😉 blush 😊
sweat_smile 😅 heart_eyes 😍 thinking_face 🤔 neutral_face 😐 confused 😕 disappointed 😞 cry 😢 sob 😭 rage 😡
open_mouth 😮 scream 😱 sleeping 😴 sunglasses 😎 face_with_rolling_eyes 🙄 upside_down_face 🙃 hugging_face 🤗 shrug 🤷
facepalm 🤦 robot_face 🤖 ghost 👻 skull 💀 heart ❤️ broken_heart 💔 green_heart 💚 blue_heart 💙 yellow_heart 💛
fire 🔥 sparkles ✨ star ⭐ star2 🌟 boom 💥 zap ⚡ 100 💯 tada 🎉 balloon 🎈 trophy 🏆 gift 🎁 birthday 🎂 rocket 🚀
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ heavy_plus_sign ➕
heavy_minus_sign ➖ question ❓ grey_question ❔ exclamation ❗ grey_exclamation ❕ bangbang ‼️ warning ⚠️ no_entry ⛔
no_entry_sign 🚫 octagonal_sign 🛑 rotating_light 🚨 information_source ℹ️ red_circle 🔴 large_orange_circle 🟠
large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 white_circle ⚪ black_circle ⚫ small_blue_diamond 🔹
hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 calendar 📆 date 📅 bell 🔔 no_bell 🔕
microphone 🎤 studio_microphone 🎙️ headphones 🎧 speaker 🔈 sound 🔉 loud_sound 🔊 mute 🔇 musical_note 🎵 notes 🎶
movie_camera 🎥 clapper 🎬 film_frames 🎞️ camera 📷 telephone_receiver 📞 phone ☎️ iphone 📱 computer 💻 keyboard ⌨️
memo 📝 pencil 📝 pencil2 ✏️ page_facing_up 📄 clipboard 📋 paperclip 📎 pushpin 📌 round_pushpin 📍 bookmark 🔖 book 📖
books 📚 file_folder 📁 open_file_folder 📂 inbox_tray 📥 outbox_tray 📤 package 📦 email 📧 envelope ✉️ mailbox 📫
link 🔗 lock 🔒 unlock 🔓 key 🔑 mag 🔍 mag_right 🔎 gear ⚙️ wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ bulb 💡 bug 🐛
construction 🚧 chart_with_upwards_trend 📈 bar_chart 📊 moneybag 💰 credit_card 💳 globe_with_meridians 🌐
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 abc 🔤 a 🅰️ arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️
leftwards_arrow_with_hook ↩️ arrow_right_hook ↪️ arrows_counterclockwise 🔄 repeat 🔁 arrow_forward ▶️ double_vertical_bar ⏸️
black_square_for_stop ⏹️ black_circle_for_record ⏺️ coffee ☕ pizza 🍕 beer 🍺 cake 🍰 apple 🍎 sunny ☀️ cloud ☁️ rainbow 🌈
snowflake ❄️ dog 🐶 cat 🐱 unicorn_face 🦄 snail 🐌 turtle 🐢 one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣
flag-gb 🇬🇧 gb 🇬🇧 us 🇺🇸 flag-us 🇺🇸 de 🇩🇪 flag-de 🇩🇪 fr 🇫🇷 flag-fr 🇫🇷 es 🇪🇸 flag-es 🇪🇸 it 🇮🇹 flag-it 🇮🇹 jp 🇯🇵 flag-jp 🇯🇵
cn 🇨🇳 flag-cn 🇨🇳 kr 🇰🇷 flag-kr 🇰🇷 flag-br 🇧🇷 flag-pt 🇵🇹 flag-nl 🇳🇱 flag-pl 🇵🇱 flag-tr 🇹🇷 flag-ua 🇺🇦 flag-in 🇮🇳
`
  .trim()
  .split(/\s+/);

const TABLE = new Map();
for (let index = 0; index < NAMES.length; index += 2) TABLE.set(NAMES[index], NAMES[index + 1]);

const TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];

/** What is offered for a reaction. */
export const QUICK = ["+1", "white_check_mark", "eyes", "heart", "tada", "joy", "pray", "raised_hands", "thinking_face", "repeat"];

/** Give the character of an emoji by its name, such as `tada` or `+1::skin-tone-2`; null where this page does not know it. */
export function emoji(name) {
  const [bare, tone] = String(name ?? "").split("::");
  const character = TABLE.get(bare);
  if (!character) return null;
  const shade = TONES[Number(/^skin-tone-([2-6])$/.exec(tone ?? "")?.[1]) - 2];
  return shade ? character.replace("\uFE0F", "") + shade : character;
}
